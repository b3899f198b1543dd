/** Who may see what: decided before a page loads. */
import type { QueryClient } from "@tanstack/react-query";
import { redirect } from "@tanstack/react-router";
import { ApiError } from "@/api/error";
import { currentWorkspaceQuery, profileQuery } from "@/features/account/queries";
import { initQuery, setupQuery } from "@/features/setup/queries";
import { rememberLanguage } from "@/i18n/choice";
import { languageOf, setLanguage } from "@/i18n/start";

/** Lets only a signed-in account through; sends everybody else where they can mend it. */
export async function requireSession(cache: QueryClient, here: string): Promise<void> {
  try {
    const [profile] = await Promise.all([
      cache.ensureQueryData(profileQuery),
      cache.ensureQueryData(currentWorkspaceQuery),
    ]);
    const language = languageOf(profile.interface_language);
    rememberLanguage(language);
    await setLanguage(language);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "not_setup") throw redirect({ to: "/install" });
    if (error.code === "not_init_validated") throw redirect({ to: "/init" });
    if (error.status === 401) throw redirect({ to: "/signin", search: { redirect: here } });
    throw error;
  }
}

/** The set-up page is for servers that are not set up. */
export async function requireFreshServer(cache: QueryClient): Promise<void> {
  if ((await cache.ensureQueryData(setupQuery)) === "finished") throw redirect({ to: "/signin" });
  if ((await cache.ensureQueryData(initQuery)) !== "finished") throw redirect({ to: "/init" });
}

/** Signing in makes no sense before set-up. */
export async function requireSetUp(cache: QueryClient): Promise<void> {
  if ((await cache.ensureQueryData(setupQuery)) !== "finished") throw redirect({ to: "/install" });
}
