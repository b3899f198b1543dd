import { type DragEvent, useRef, useState } from "react";

interface DropZone {
  over: boolean;
  handlers: {
    onDragEnter: (event: DragEvent) => void;
    onDragOver: (event: DragEvent) => void;
    onDragLeave: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
  };
}

/** Takes files dropped anywhere on an element; `onFiles` null takes none. */
export function useDropZone(onFiles: ((files: File[]) => void) | null): DropZone {
  // Entering a child leaves its parent: the depth says when the pointer is really out.
  const depth = useRef(0);
  const [over, setOver] = useState(false);
  const carries = (event: DragEvent): boolean =>
    onFiles !== null && event.dataTransfer.types.includes("Files");
  return {
    over,
    handlers: {
      onDragEnter: (event) => {
        if (!carries(event)) return;
        depth.current += 1;
        setOver(true);
      },
      onDragOver: (event) => {
        if (carries(event)) event.preventDefault();
      },
      onDragLeave: (event) => {
        if (!carries(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) setOver(false);
      },
      onDrop: (event) => {
        depth.current = 0;
        setOver(false);
        if (!carries(event)) return;
        event.preventDefault();
        onFiles?.([...event.dataTransfer.files]);
      },
    },
  };
}
