import { Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { shownTheme, type Theme, useTheme } from "@/theme/theme";
import { PopMenu } from "./PopMenu";

const themes: readonly Theme[] = ["light", "dark", "system"];
const icons = { light: Sun, dark: Moon, system: Monitor };

/** Light, dark, or as the system says. */
export function ThemeMenu({ up = false }: { up?: boolean }) {
  const { t } = useTranslation("webapp");
  const [theme, setTheme] = useTheme();
  const Shown = icons[shownTheme(theme)];
  const items = themes.map((each) => {
    const Icon = icons[each];
    return {
      key: each,
      label: t(`theme.${each}`),
      icon: <Icon size={14} aria-hidden="true" />,
      checked: each === theme,
      onSelect: () => setTheme(each),
    };
  });
  return (
    <PopMenu
      label={t("theme.label")}
      icon={<Shown size={16} aria-hidden="true" />}
      items={items}
      up={up}
    />
  );
}
