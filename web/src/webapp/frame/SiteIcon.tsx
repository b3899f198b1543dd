import { AppIcon } from "@/ui/AppIcon";
import type { Site } from "../server/shapes";

/** The app's icon, as its owner chose it. */
export function SiteIcon({ site, size = 28 }: { site: Site; size?: number }) {
  const { title, icon_type, icon, icon_background, icon_url } = site;
  return <AppIcon size={size} icon={{ name: title, icon_type, icon, icon_background, icon_url }} />;
}
