/** Entry of the end users' app. */
import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "./webapp.css";
import { createRoot, type Root } from "react-dom/client";
import { chosenLanguage } from "../i18n/choice";
import { languageOf, startI18n } from "../i18n/start";
import type { OpenApp } from "./entry/app";
import { openApp, openingFailure } from "./entry/open";
import { formToken, type Place, placeOf } from "./entry/place";
import { preload, WebApp } from "./entry/WebApp";
import { Unavailable } from "./frame/Unavailable";

const bundles = {
  en: () => import("../i18n/en/webapp"),
  zh: () => import("../i18n/zh/webapp"),
};

async function start(root: Root): Promise<void> {
  const token = formToken(location.pathname);
  if (token) {
    // A page of its own: those who chat don't load it, those who answer don't load the chat.
    const { openForm } = await import("./ask/start");
    await openForm(root, token);
    return;
  }
  const place = await placeOf(new URL(location.href));
  if (!place) {
    await startI18n(bundles, chosenLanguage());
    root.render(<Unavailable failure={null} onRetry={null} />);
    return;
  }
  preload(place.kind);
  await show(root, place);
}

/** Opens the app and draws it in its own language; where it can't be opened, says why in the visitor's. */
async function show(root: Root, place: Place): Promise<void> {
  let app: OpenApp;
  try {
    app = await openApp(place);
  } catch (error) {
    await startI18n(bundles, chosenLanguage());
    const again = (): void => void show(root, place);
    root.render(<Unavailable failure={openingFailure(error)} onRetry={again} />);
    return;
  }
  await startI18n(bundles, languageOf(app.site.default_language));
  document.title = app.site.title;
  root.render(<WebApp app={app} />);
}

const element = document.getElementById("root");
if (element) await start(createRoot(element));
