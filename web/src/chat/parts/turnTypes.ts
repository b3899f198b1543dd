import type { ReactNode } from "react";
import type { Rating } from "../client";
import type { Citation } from "../model/message";

/** What may be done with a turn. Must be stable, so that old turns are not drawn again. */
export interface TurnActions {
  regenerate: (key: string) => void;
  choose: (group: string, key: string) => void;
  rate: (key: string, rating: Rating) => void;
  cite: (citation: Citation) => void;
}

/** How answers look in this panel. Must be stable as well. */
export interface TurnLook {
  avatar: ReactNode;
  showSteps: boolean;
  showRating: boolean;
  /** Whoever reads the answer may answer the forms that its run waits for. */
  formLinks: boolean;
}
