import { describe, expect, it } from "vitest";
import { oldAddress } from "./oldAddress";
import { count, flag, oneOf, query, text } from "./search";

const uuid = "0190f6d6-0000-7000-8000-000000000001";

describe("oldAddress", () => {
  it.each([
    ["/apps", {}, "/studio"],
    ["/apps/", {}, "/studio"],
    ["/app/42/workflow", {}, "/app/42/build"],
    ["/app/42/configuration", {}, "/app/42/build"],
    ["/app/42/develop", {}, "/app/42/publish"],
    ["/app/42/logs", {}, "/app/42/runs"],
    ["/app/42/annotations", {}, "/app/42/runs"],
    ["/app/42/overview", {}, "/app/42/monitor"],
    ["/datasets", {}, "/knowledge"],
    ["/datasets/create", {}, "/knowledge?create=true"],
    [`/datasets/${uuid}/documents`, {}, `/knowledge/${uuid}`],
    [`/datasets/${uuid}/hitTesting`, {}, `/knowledge/${uuid}`],
    ["/account", {}, "/settings/account"],
    ["/apps", { action: "showSettings", tab: "members" }, "/settings/members"],
    ["/apps", { action: "showSettings", tab: "provider" }, "/settings/models"],
    ["/signin/invite-settings", { invite_token: "a b" }, "/activate?token=a%20b"],
  ])("leads %s %o to %s", (path, search, target) => {
    expect(oldAddress(path, search)).toBe(target);
  });

  it.each(["/studio", "/app/42/build", "/app/42", "/app/42/teleport", "/"])(
    "leaves %s alone",
    (path) => {
      expect(oldAddress(path, {})).toBeUndefined();
    },
  );
});

describe("query readers", () => {
  it("drop what is unknown, empty or of the wrong kind", () => {
    const read = query((raw) => ({
      name: text(raw, "name"),
      mine: flag(raw, "mine"),
      page: count(raw, "page"),
      mode: oneOf(raw, "mode", ["chat"]),
    }));
    expect(read({ name: "x", mine: true, page: "2", mode: "chat", more: 1 })).toEqual({
      name: "x",
      mine: true,
      page: 2,
      mode: "chat",
    });
    expect(read({ name: "", mine: "no", page: -1, mode: "other" })).toEqual({});
    expect(read({ name: 7 })).toEqual({ name: "7" });
  });
});
