/** How far a view has to move so that something in it is seen whole. */

interface Span {
  from: number;
  to: number;
}

/** Left free between what is revealed and the edge of the view, in pixels. */
const MARGIN = 16;

/** The shift of the content along one axis; 0 when `item` is in sight. What does not fit shows its beginning. */
export function shiftToReveal(item: Span, length: number): number {
  const atStart = MARGIN - item.from;
  const atEnd = length - MARGIN - item.to;
  if (atStart > 0) return atStart;
  return atEnd < 0 ? Math.max(atEnd, atStart) : 0;
}
