/** An app's own icon: an emoji on its colour, or an uploaded picture. */
interface AppIconProps {
  icon: {
    name: string;
    icon_type?: string | null;
    icon?: string | null;
    icon_background?: string | null;
    icon_url?: string | null;
  };
  size?: number;
}

export function AppIcon({ icon, size = 36 }: AppIconProps) {
  const picture = icon.icon_url ?? (icon.icon_type === "link" ? icon.icon : null);
  const style = { width: size, height: size, borderRadius: size > 28 ? 8 : 5 };
  if (picture) return <img alt="" src={picture} style={style} className="shrink-0 object-cover" />;
  const emoji = icon.icon_type === "image" || (icon.icon?.length ?? 0) > 8 ? null : icon.icon;
  return (
    <span
      aria-hidden="true"
      className="flex shrink-0 select-none items-center justify-center font-semibold text-[#1b2130]"
      style={{ ...style, background: icon.icon_background || "#F5EBD8", fontSize: size * 0.52 }}
    >
      {emoji || initial(icon.name)}
    </span>
  );
}

function initial(name: string): string {
  const [first = "·"] = name.trim();
  return first.toUpperCase();
}
