/** Opens a form and draws it in the language of its app; where it can't be opened, says why in the visitor's. */
import type { Root } from "react-dom/client";
import { chosenLanguage } from "@/i18n/choice";
import { languageOf, startI18n } from "@/i18n/start";
import AskPage from "./AskPage";
import { ClosedForm } from "./ClosedForm";
import type { AskedForm } from "./form";
import { closedBy, FormServer } from "./server";

const bundles = {
  en: () => import("../../i18n/en/ask"),
  zh: () => import("../../i18n/zh/ask"),
};

export async function openForm(root: Root, token: string): Promise<void> {
  const server = new FormServer(token);
  let form: AskedForm;
  try {
    form = await server.read();
  } catch (error) {
    await startI18n(bundles, chosenLanguage());
    const why = closedBy(error);
    const mayHelp = why === "unreachable" || why === "busy" || why === "failed";
    const again = (): void => void openForm(root, token);
    root.render(<ClosedForm why={why} onRetry={mayHelp ? again : null} />);
    return;
  }
  const { site } = form.site;
  await startI18n(bundles, languageOf(site.default_language));
  document.title = site.title;
  root.render(<AskPage form={form} server={server} />);
}
