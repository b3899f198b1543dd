import { memo, useEffect, useRef, useState } from "react";

interface FormulaProps {
  tex: string;
  display?: boolean;
}

type Render = (tex: string, into: HTMLElement, display: boolean) => void;
let loading: Promise<Render> | undefined;
let loaded: Render | undefined;

/** The typesetter is a third of the page's weight, so only a formula brings it. */
function typesetter(): Promise<Render> {
  loading ??= import("./tex").then(({ render }) => {
    loaded = render;
    return render;
  });
  return loading;
}

/** A formula; its source until the typesetter is there, or where it can't be read. */
export const Formula = memo(function Formula({ tex, display = false }: FormulaProps) {
  const place = useRef<HTMLSpanElement>(null);
  const [render, setRender] = useState<Render | undefined>(() => loaded);
  useEffect(() => {
    if (render) return;
    let gone = false;
    typesetter().then(
      (ready) => gone || setRender(() => ready),
      // Without the network the source is what can be shown.
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [render]);
  useEffect(() => {
    if (render && place.current) render(tex, place.current, display);
  }, [render, tex, display]);
  // React leaves the inside alone once the typesetter owns it: the key makes a new element then.
  return (
    <span
      key={render ? "set" : "source"}
      ref={place}
      className={display ? "formula-block" : "formula"}
    >
      {render ? null : tex}
    </span>
  );
});
