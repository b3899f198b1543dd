import { FileUp } from "lucide-react";
import { type DragEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

interface DropZoneProps {
  enabled: boolean;
  onFile: (file: File) => void;
  children: ReactNode;
}

/** Takes an app file dropped anywhere on the page. */
export function DropZone({ enabled, onFile, children }: DropZoneProps) {
  const { t } = useTranslation("studio");
  const [over, setOver] = useState(false);
  const carriesFile = (event: DragEvent) => enabled && event.dataTransfer.types.includes("Files");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the import dialog offers the same without a pointer
    <div
      className="relative flex-1"
      onDragOver={(event) => {
        if (!carriesFile(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        const [file] = event.dataTransfer.files;
        if (!carriesFile(event) || !file) return;
        event.preventDefault();
        onFile(file);
      }}
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute inset-2 flex items-center justify-center gap-2 rounded-card border-2 border-dashed border-brass bg-brass-soft/80 text-lg text-brass">
          <FileUp size={20} aria-hidden="true" />
          {t("dropHere")}
        </div>
      )}
    </div>
  );
}
