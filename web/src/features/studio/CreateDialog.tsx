import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { useTranslation } from "react-i18next";
import { Dialog } from "@/ui/Dialog";
import { BlankForm } from "./BlankForm";
import { ExampleList } from "./ExampleList";
import { ImportForm } from "./ImportForm";

type Kind = "blank" | "example" | "import";

interface CreateDialogProps {
  kind: Kind;
  /** A file that was dropped on the page, imported at once. */
  file?: File | undefined;
  onKind: (kind: Kind) => void;
  onClose: () => void;
}

/** Three ways to a new app. */
export function CreateDialog({ kind, file, onKind, onClose }: CreateDialogProps) {
  const { t } = useTranslation("studio");
  const cache = useQueryClient();
  const navigate = useNavigate();
  const open = async (appId: string) => {
    void cache.invalidateQueries({ queryKey: ["apps"] });
    await navigate({ to: "/app/$appId", params: { appId } });
  };
  const kinds: Record<Kind, string> = {
    blank: t("blank"),
    example: t("fromExample"),
    import: t("import"),
  };
  return (
    <Dialog open wide onClose={onClose} title={t("createTitle")}>
      <Tabs.Root value={kind} onValueChange={(value) => onKind(value as Kind)}>
        <Tabs.List className="mb-4 flex gap-4 border-b border-line">
          {Object.entries(kinds).map(([value, label]) => (
            <Tabs.Trigger
              key={value}
              value={value}
              className="-mb-px border-b-2 border-transparent pb-2 text-muted hover:text-text data-[state=active]:border-brass data-[state=active]:font-medium data-[state=active]:text-text"
            >
              {label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="blank">
          <BlankForm onCreated={open} />
        </Tabs.Content>
        <Tabs.Content value="example">
          <ExampleList onCreated={open} />
        </Tabs.Content>
        <Tabs.Content value="import">
          <ImportForm file={file} onCreated={open} />
        </Tabs.Content>
      </Tabs.Root>
    </Dialog>
  );
}
