import { cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { Markdown } from "./Markdown";

afterEach(cleanup);
const show = (text: string, growing = false): HTMLElement =>
  render(<Markdown text={text} growing={growing} />).container;

/** Ways to run script that have worked somewhere. */
const attacks = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<details open ontoggle=alert(1)>",
  "<body onload=alert(1)>",
  "<a href='javascript:alert(1)'>x</a>",
  "<form action=javascript:alert(1)><input type=submit>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "<object data='data:text/html,<script>alert(1)</script>'>",
  "<style>@import 'https://evil.test/x.css'</style>",
  "<link rel=stylesheet href=https://evil.test/x.css>",
  "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
  "<base href=https://evil.test/>",
  "<sub onclick=alert(1)>x</sub>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](<java\tscript:alert(1)>)",
  "[x](javascript&colon;alert(1))",
  "[x](javascript&#58;alert(1))",
  "[x](&#x6a;avascript:alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](vbscript:msgbox)",
  "![x](javascript:alert(1))",
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  '![x" onerror="alert(1)](https://a.test/x.png)',
  '![x](https://a.test/x.png "t\\" onerror=\\"alert(1)")',
  '[x](https://a.test "t\\" onclick=\\"alert(1)")',
  "[x]: javascript:alert(1)\n\n[x]",
  "<javascript:alert(1)>",
  "```html\n<script>alert(1)</script>\n```",
  "`<img src=x onerror=alert(1)>`",
  "| <script>alert(1)</script> | b |\n|---|---|\n| <img src=x onerror=alert(1)> | [x](javascript:alert(1)) |",
  "<sub><img src=x onerror=alert(1)></sub>",
  "<think><script>alert(1)</script></think>",
  "$\\href{javascript:alert(1)}{x}$",
  "$\\htmlData{onclick=alert(1)}{x}$",
];
const allowed = new Set(
  "DIV P H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE CODE FIGURE FIGCAPTION BUTTON SPAN A IMG STRONG EM DEL BR HR INPUT SUB SUP KBD U MARK B I S SMALL TABLE THEAD TBODY TR TH TD svg path rect".split(
    " ",
  ),
);

describe("hostile text", () => {
  it.each(attacks)("does nothing: %s", (text) => {
    for (const container of [show(text), show(text, true)]) {
      for (const element of container.querySelectorAll("*")) {
        expect(allowed).toContain(element.tagName);
        for (const { name, value } of element.attributes) {
          expect(name).not.toMatch(/^on|^srcdoc$|^action$|^formaction$/i);
          if (name === "href")
            expect(new URL(value, "https://app.test/").protocol).toMatch(/^(https?|mailto|tel):$/);
          if (name === "src")
            expect(value).toMatch(/^(https?:\/\/|\/|data:image\/(png|jpeg|gif|webp|avif);base64,)/);
        }
      }
    }
  });
});

describe("Markdown", () => {
  it("shows text, marks, lists, tables and code", () => {
    const container = show(
      "# Head\n\n**b** and `c` &amp; <sub>2</sub>\n\n- [x] done\n- open\n\n3. three\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n```py\nx = 1\n```",
    );
    expect(container.querySelector("h3")?.textContent).toBe("Head");
    expect(container.querySelector("p")?.textContent).toBe("b and c & 2");
    expect(container.querySelectorAll("ul li")).toHaveLength(2);
    expect(container.querySelector<HTMLInputElement>("input")?.checked).toBe(true);
    expect(container.querySelector("ol")?.getAttribute("start")).toBe("3");
    expect(container.querySelector<HTMLElement>("td")?.style.textAlign).toBe("right");
    expect(container.querySelector("pre")?.textContent).toBe("x = 1");
  });

  it("keeps the elements of settled blocks while the text grows", () => {
    const { container, rerender } = render(<Markdown text={"one\n\ntwo\n\nthr"} growing />);
    const first = container.querySelector("p");
    rerender(<Markdown text={"one\n\ntwo\n\nthree **fo"} growing />);
    rerender(<Markdown text={"one\n\ntwo\n\nthree **four**"} />);
    expect(container.querySelector("p")).toBe(first);
    expect(container.querySelector("strong")?.textContent).toBe("four");
  });

  it("opens links outside, telling the other side nothing", () => {
    const link = show("[x](https://example.org?a=1&amp;b=2)").querySelector("a");
    expect(link?.getAttribute("href")).toBe("https://example.org?a=1&b=2");
    expect(link?.rel).toContain("noopener");
  });
});
