import { describe, expect, it } from "vitest";
import { abilitiesOf } from "@/features/account/roles";
import { splitEmails } from "@/features/members/emails";
import { languageOf, localeOf } from "@/i18n/start";
import { encodePassword, isStrongEnough } from "./session";

describe("passwords", () => {
  it("travel as base64 of their UTF-8 bytes", () => {
    const decode = (text: string) =>
      new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
    for (const password of ["plain1", "pässwörd1", "密码🌍1", ""])
      expect(decode(encodePassword(password))).toBe(password);
  });

  it("need eight characters, a letter and a digit", () => {
    expect(["abcdefg1", "1234567a", "a1ääääää"].map(isStrongEnough)).toEqual([true, true, true]);
    expect(["abc1", "abcdefgh", "12345678"].map(isStrongEnough)).toEqual([false, false, false]);
  });
});

describe("people", () => {
  it("are invited by whatever separates their addresses", () => {
    expect(splitEmails("a@x.org, b@x.org;\nnope a@x.org")).toEqual({
      good: ["a@x.org", "b@x.org"],
      bad: ["nope"],
    });
  });

  it("may do what their role says", () => {
    expect(abilitiesOf("owner")).toMatchObject({ own: true, manage: true, edit: true });
    expect(abilitiesOf("editor")).toMatchObject({ own: false, manage: false, edit: true });
    expect(abilitiesOf("normal")).toMatchObject({ edit: false });
    expect(abilitiesOf(undefined)).toMatchObject({ own: false, manage: false, edit: false });
  });

  it("read one of our languages", () => {
    expect(["zh-Hans", "zh-Hant", "en-US", "de-DE", null].map(languageOf)).toEqual([
      "zh",
      "zh",
      "en",
      "en",
      "en",
    ]);
    expect(localeOf("zh")).toBe("zh-Hans");
  });
});
