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
    ["수신 거부"],
    ["لغو۱۱"],
    ["لغو ١١"],
    ["توقّف"],
    ["تـوقف"],
    ["قف"],
    ["S.T.O.P."],
    ["S T O P"],
    ["ST\u200bOP"],
    ["\u202aSTOP\u202c"],
    ["стоп смс"],
    ["বন্ধ করুন"],
    ["ВІДМІНА"],
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
    ["s t o p 1"],
    ["bus s t o p"],
    ["un stop"],
    ["can cel"],
    ["no n stop"],
    ["수신 거부 하지 마세요"],
    ["لا تتوقف"],
    ["لغو ۱۲"],
    ["стоп смс не надо"],
    ["এটা বন্ধ করুন না"],
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
  it.each([
    ["Acha", "254712345678", "opted_out", ["919812345678", "923001234567"]],
    ["Seis", "358401234567", "opted_out", ["34612345678"]],
    ["Alto", "34612345678", "opted_out", ["393312345678"]],
    ["Pare", "5511961234567", "opted_out", ["639171234567"]],
    ["Basta", "393312345678", "opted_out", ["34612345678"]],
    ["daftar", "6281234567890", "opted_in", ["923001234567"]],
    ["henti", "60123456789", "opted_out", [GERMANY]],
  ])("%s counts in its language's countries, and means something else elsewhere", (text, home, state, others) => {
    expect(readKeyword(text, home)).toBe(state);
    for (const other of others) expect(readKeyword(text, other)).toBeUndefined();
  });
});
