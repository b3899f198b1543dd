import type { Hue } from "@/graph/kinds";

/** Whole class names, so that the style sheet's builder finds them. */
export const hueText: Record<Hue, string> = {
  slate: "text-hue-slate",
  violet: "text-hue-violet",
  blue: "text-hue-blue",
  teal: "text-hue-teal",
  olive: "text-hue-olive",
  graphite: "text-hue-graphite",
  orange: "text-hue-orange",
  rose: "text-hue-rose",
  sand: "text-hue-sand",
};

export const hueEdge: Record<Hue, string> = {
  slate: "border-l-hue-slate",
  violet: "border-l-hue-violet",
  blue: "border-l-hue-blue",
  teal: "border-l-hue-teal",
  olive: "border-l-hue-olive",
  graphite: "border-l-hue-graphite",
  orange: "border-l-hue-orange",
  rose: "border-l-hue-rose",
  sand: "border-l-hue-sand",
};
