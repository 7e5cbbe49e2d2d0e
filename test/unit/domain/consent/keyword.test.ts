import { describe, expect, it } from "vitest";
import { readKeyword } from "../../../../domain/consent/keyword.ts";

const GERMANY = "4915112345678";
const TURKEY = "905321234567";
const CHINA = "8613812345678";

describe("a message that is a keyword", () => {
  it.each([
    ["STOP"],
    ["stop"],
    ["  Stop.\n"],
    ["„Stop!“"],
    ["STOP ✋️"],
    ["ＳＴＯＰ"],
    ["stop stop  STOP"],
    ["Stop-All"],
    ["opt-out"],
    ["UNSUBSCRIBE"],
    ["Cancel"],
    ["END"],
    ["QUIT"],
    ["Arret"],
    ["arrêt"],
    ["arre\u0302t"],
    ["BAJA"],
    ["parar"],
    ["Sair"],
    ["STOPP"],
    ["halt"],
    ["Стоп"],
    ["στοπ"],
    ["توقف"],
    ["退订"],
    ["수신거부"],
    ["KONIEC"],
  ])("%j ends consent", (text) => {
    expect(readKeyword(text, GERMANY)).toBe("opted_out");
  });

  it.each([["START"], ["unstop"], ["Yes"], ["Старт"]])("%j renews it", (text) => {
    expect(readKeyword(text, GERMANY)).toBe("opted_in");
  });

  it.each([
    [""],
    ["   "],
    ["..."],
    ["please don't stop"],
    ["STOP 12345"],
    ["where is the bus stop?"],
    ["nonstop"],
    ["weekend"],
    ["ok"],
    ["help"],
    ["stop start"],
    ["STOP".repeat(100)],
    ["stop ".repeat(10_000)],
  ])("%j says nothing of it", (text) => {
    expect(readKeyword(text.slice(0, 20_000), GERMANY)).toBeUndefined();
  });

  it("counts where it means that: a Turkish red is no English one", () => {
    expect(readKeyword("RED", TURKEY)).toBe("opted_out");
    expect(readKeyword("red", GERMANY)).toBeUndefined();
    expect(readKeyword("İptal", TURKEY)).toBe("opted_out");
    expect(readKeyword("TD", CHINA)).toBe("opted_out");
    expect(readKeyword("T", GERMANY)).toBeUndefined();
    expect(readKeyword("TD", "12345")).toBeUndefined();
  });
});
