import { describe, expect, it } from "vitest";
import { classifyHttpAnswer } from "../../../../domain/message/http-answer.ts";
import {
  answerClasses,
  httpAnswerClasses,
  httpAnswers,
  otherSmppAnswer,
  smppAnswers,
  twilioAnswers,
} from "../../../../domain/message/submit-answers.ts";
import { nextStep, submitOutcomes } from "../../../../domain/message/submit-outcome.ts";
import { commandStatus } from "../../../../domain/smpp/command-status.ts";

describe("classifyHttpAnswer", () => {
  it("tells apart what can be sent again, elsewhere, or never", () => {
    expect(classifyHttpAnswer(201)).toBe("accepted");
    expect(classifyHttpAnswer(429)).toBe("throttled");
    expect(classifyHttpAnswer(400, 21211)).toBe("refused");
    expect(classifyHttpAnswer(400, 21610)).toBe("permanent");
    expect(classifyHttpAnswer(403, 21408)).toBe("refused");
    expect(classifyHttpAnswer(400, 99999)).toBe("refused");
    expect(classifyHttpAnswer(401, 20003)).toBe("link");
    expect(classifyHttpAnswer(503)).toBe("transient");
  });

  it("takes an answer that a gateway may have lost for doubt, not for failure", () => {
    for (const status of [408, 500, 502, 504])
      expect([status, classifyHttpAnswer(status)]).toEqual([status, "in-doubt"]);
  });

  it("takes no word of a proxy or of the way for a refusal of the message", () => {
    // A redirect is not followed; a page instead of the API's JSON; a login, a sum, a method or a protocol that is asked for.
    for (const status of [
      300, 301, 302, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 415, 421, 426, 451,
    ])
      expect([status, classifyHttpAnswer(status)]).toEqual([status, "link"]);
    // A code does not change what these say: Twilio's 20004 comes with 405.
    for (const status of [302, 401, 402, 403, 404, 405, 407, 421, 426])
      expect([status, classifyHttpAnswer(status, 20004)]).toEqual([status, "link"]);
  });

  it("tries again what came too early, or what only this request is too long or too odd for", () => {
    for (const status of [409, 413, 414, 422, 425, 431])
      expect([status, classifyHttpAnswer(status)]).toEqual([status, "transient"]);
    expect(classifyHttpAnswer(425, 99999)).toBe("transient");
    for (const status of [400, 409, 413, 415, 422])
      expect([status, classifyHttpAnswer(status, 99999)]).toEqual([status, "refused"]);
  });

  it("is in doubt where the answer to a request that was carried out stands elsewhere", () => {
    expect(classifyHttpAnswer(303)).toBe("in-doubt");
  });
});

describe("a provider's own meanings", () => {
  const own = new Map([
    [21211, "permanent"],
    [90001, "throttled"],
    [503, "in-doubt"],
    [409, "refused"],
    [451, "permanent"],
  ] as const);

  it("go before the table's, of codes and of statuses", () => {
    expect(classifyHttpAnswer(400, 21211, own)).toBe("permanent");
    expect(classifyHttpAnswer(400, 90001, own)).toBe("throttled");
    expect(classifyHttpAnswer(503, undefined, own)).toBe("in-doubt");
    expect(classifyHttpAnswer(409, undefined, own)).toBe("refused");
    expect(classifyHttpAnswer(451, undefined, own)).toBe("permanent");
  });

  it("of a status say nothing where the answer has a code that is known, and nothing takes back an acceptance", () => {
    expect(classifyHttpAnswer(503, 21610, own)).toBe("permanent");
    expect(classifyHttpAnswer(409, 99999, own)).toBe("refused");
    expect(classifyHttpAnswer(201, undefined, new Map([[201, "refused"]]))).toBe("accepted");
    // A code in the range of statuses is no code of an API.
    expect(classifyHttpAnswer(400, 503, own)).toBe("refused");
  });
});

describe("the table of answers", () => {
  it("has every status of SMPP by its name, and no other", () => {
    expect(Object.keys(smppAnswers).sort()).toEqual(Object.keys(commandStatus).sort());
    for (const [name, answer] of Object.entries(smppAnswers))
      expect([name, answer.class]).toEqual([name, name === "ESME_ROK" ? "ok" : expect.toBeOneOf([...answerClasses])]);
    expect(otherSmppAnswer.class).toBe("transient");
  });

  it("has statuses and codes as they are looked up, in classes that somebody carries out", () => {
    for (const [status, { class: kind, withCode }] of Object.entries(httpAnswers)) {
      expect(status).toMatch(/^[345](?:xx|\d\d)$/);
      for (const one of [kind, withCode ?? kind]) expect(httpAnswerClasses).toContain(one);
    }
    for (const [code, { class: kind }] of Object.entries(twilioAnswers)) {
      expect(code).toMatch(/^[1-9]\d{4}$/);
      expect(answerClasses).toContain(kind);
    }
    for (const one of httpAnswerClasses) expect(submitOutcomes).toContain(one);
  });

  it("lets only what may succeed go again to the same provider, and nothing after a word for all", () => {
    const again = (outcome: (typeof httpAnswerClasses)[number]) => nextStep(outcome);
    expect(httpAnswerClasses.filter((one) => ["submit-again", "retry-later"].includes(again(one)))).toEqual([
      "throttled",
      "transient",
    ]);
    expect(again("refused")).toBe("route-again");
    expect(again("permanent")).toBe("give-up");
    expect(
      Object.entries(twilioAnswers)
        .filter(([, { class: kind }]) => kind === "permanent")
        .map(([code]) => code),
    ).toEqual(["21610"]);
  });
});
