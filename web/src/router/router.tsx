/** The tree of addresses. Every page is its own chunk, loaded when first visited. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { modes } from "@/features/app/modes";
import { appQuery } from "@/features/app/queries";
import { Crash } from "@/frame/Crash";
import { NotFound } from "@/frame/NotFound";
import { Loading } from "@/ui/Loading";
import { requireFreshServer, requireSession, requireSetUp } from "./guard";
import { oldAddress } from "./oldAddress";
import { count, flag, oneOf, query, type Raw, text } from "./search";

const root = createRootRouteWithContext<{ cache: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
  beforeLoad: ({ location }) => {
    const target = oldAddress(location.pathname, location.search);
    if (target) throw redirect({ href: target, replace: true });
  },
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/studio" });
  },
});

const signinSearch = query((raw: Raw) => ({
  redirect: text(raw, "redirect"),
  email: text(raw, "email"),
  invite_token: text(raw, "invite_token"),
  message: text(raw, "message"),
}));

const signin = createRoute({
  getParentRoute: () => root,
  path: "/signin",
  validateSearch: signinSearch,
  beforeLoad: ({ context }) => requireSetUp(context.cache),
  component: lazyRouteComponent(() => import("@/features/auth/SignInPage"), "SignInPage"),
});

const init = createRoute({
  getParentRoute: () => root,
  path: "/init",
  component: lazyRouteComponent(() => import("@/features/setup/InitPage"), "InitPage"),
});

const install = createRoute({
  getParentRoute: () => root,
  path: "/install",
  beforeLoad: ({ context }) => requireFreshServer(context.cache),
  component: lazyRouteComponent(() => import("@/features/setup/InstallPage"), "InstallPage"),
});

const firstModel = createRoute({
  getParentRoute: () => root,
  path: "/install/model",
  beforeLoad: ({ context, location }) => requireSession(context.cache, location.href),
  component: lazyRouteComponent(() => import("@/features/setup/FirstModelPage"), "FirstModelPage"),
});

const activate = createRoute({
  getParentRoute: () => root,
  path: "/activate",
  validateSearch: query((raw: Raw) => ({
    email: text(raw, "email"),
    token: text(raw, "token"),
    workspace_id: text(raw, "workspace_id"),
  })),
  component: lazyRouteComponent(() => import("@/features/auth/ActivatePage"), "ActivatePage"),
});

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: "/reset-password",
  component: lazyRouteComponent(
    () => import("@/features/auth/ResetPasswordPage"),
    "ResetPasswordPage",
  ),
});

const framed = createRoute({
  getParentRoute: () => root,
  id: "framed",
  beforeLoad: ({ context, location }) => requireSession(context.cache, location.href),
  component: lazyRouteComponent(() => import("@/frame/Frame"), "Frame"),
});

const studio = createRoute({
  getParentRoute: () => framed,
  path: "/studio",
  validateSearch: query((raw: Raw) => ({
    mode: oneOf(raw, "mode", modes),
    name: text(raw, "name"),
    mine: flag(raw, "mine"),
    view: oneOf(raw, "view", ["list"]),
    create: oneOf(raw, "create", ["blank", "example", "import"]),
  })),
  component: lazyRouteComponent(() => import("@/features/studio/StudioPage"), "StudioPage"),
});

const app = createRoute({
  getParentRoute: () => framed,
  path: "/app/$appId",
  // The kind of app decides what its tabs show, so it is known before any of them loads.
  loader: ({ context, params }) => context.cache.ensureQueryData(appQuery(params.appId)),
  component: lazyRouteComponent(() => import("@/features/app/AppPage"), "AppPage"),
});

const appHome = createRoute({
  getParentRoute: () => app,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/app/$appId/build", params, replace: true });
  },
});

const build = createRoute({
  getParentRoute: () => app,
  path: "/build",
  validateSearch: query((raw: Raw) => ({
    node: text(raw, "node"),
    tab: oneOf(raw, "tab", ["input", "output"]),
    run: text(raw, "run"),
  })),
  component: lazyRouteComponent(() => import("@/features/app/build/BuildPage"), "BuildPage"),
});

const test = createRoute({
  getParentRoute: () => app,
  path: "/test",
  component: lazyRouteComponent(() => import("@/features/app/test/TestPage"), "TestPage"),
});

const publish = createRoute({
  getParentRoute: () => app,
  path: "/publish",
  validateSearch: query((raw: Raw) => ({
    lang: oneOf(raw, "lang", ["python", "javascript"]),
  })),
  component: lazyRouteComponent(() => import("@/features/app/publish/PublishPage"), "PublishPage"),
});

const runs = createRoute({
  getParentRoute: () => app,
  path: "/runs",
  validateSearch: query((raw: Raw) => ({
    status: oneOf(raw, "status", [
      "running",
      "succeeded",
      "failed",
      "stopped",
      "partial-succeeded",
      "paused",
    ]),
    source: oneOf(raw, "source", ["debugging"]),
    keyword: text(raw, "keyword"),
    page: count(raw, "page"),
    run: text(raw, "run"),
    conversation: text(raw, "conversation"),
    node: text(raw, "node"),
  })),
  component: lazyRouteComponent(() => import("@/features/runs/RunsPage"), "RunsPage"),
});

const monitor = createRoute({
  getParentRoute: () => app,
  path: "/monitor",
  validateSearch: query((raw: Raw) => ({
    days:
      oneOf(raw, "days", ["1", "30", "90"]) ??
      (raw.days === 1 || raw.days === 30 || raw.days === 90 ? String(raw.days) : undefined),
  })),
  component: lazyRouteComponent(() => import("@/features/app/monitor/MonitorPage"), "MonitorPage"),
});

const knowledge = createRoute({
  getParentRoute: () => framed,
  path: "/knowledge",
  validateSearch: query((raw: Raw) => ({
    name: text(raw, "name"),
    create: flag(raw, "create"),
  })),
  component: lazyRouteComponent(
    () => import("@/features/knowledge/KnowledgePage"),
    "KnowledgePage",
  ),
});

const dataset = createRoute({
  getParentRoute: () => framed,
  path: "/knowledge/$datasetId",
  validateSearch: query((raw: Raw) => ({
    keyword: text(raw, "keyword"),
    question: text(raw, "question"),
  })),
  component: lazyRouteComponent(() => import("@/features/knowledge/DatasetPage"), "DatasetPage"),
});

const settings = createRoute({
  getParentRoute: () => framed,
  path: "/settings",
  component: lazyRouteComponent(
    () => import("@/features/settings/SettingsLayout"),
    "SettingsLayout",
  ),
});

const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/settings/models", replace: true });
  },
});

const models = createRoute({
  getParentRoute: () => settings,
  path: "/models",
  validateSearch: query((raw: Raw) => ({
    provider: text(raw, "provider"),
    name: text(raw, "name"),
  })),
  component: lazyRouteComponent(() => import("@/features/models/ModelsPage"), "ModelsPage"),
});

const members = createRoute({
  getParentRoute: () => settings,
  path: "/members",
  component: lazyRouteComponent(() => import("@/features/members/MembersPage"), "MembersPage"),
});

const workspace = createRoute({
  getParentRoute: () => settings,
  path: "/workspace",
  component: lazyRouteComponent(
    () => import("@/features/workspaces/WorkspacePage"),
    "WorkspacePage",
  ),
});

const system = createRoute({
  getParentRoute: () => settings,
  path: "/system",
  component: lazyRouteComponent(() => import("@/features/system/SystemPage"), "SystemPage"),
});

const account = createRoute({
  getParentRoute: () => settings,
  path: "/account",
  component: lazyRouteComponent(() => import("@/features/account/AccountPage"), "AccountPage"),
});

const language = createRoute({
  getParentRoute: () => settings,
  path: "/language",
  component: lazyRouteComponent(() => import("@/features/account/LanguagePage"), "LanguagePage"),
});

const tree = root.addChildren([
  home,
  signin,
  init,
  install,
  firstModel,
  activate,
  resetPassword,
  framed.addChildren([
    studio,
    knowledge,
    dataset,
    app.addChildren([appHome, build, test, publish, runs, monitor]),
    settings.addChildren([settingsHome, models, members, workspace, system, account, language]),
  ]),
]);

export function createConsoleRouter(cache: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { cache },
    defaultPreload: "intent",
    defaultPendingComponent: Loading,
    defaultPendingMs: 200,
    defaultErrorComponent: Crash,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
