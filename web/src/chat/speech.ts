/** Plays the pieces of a spoken answer one after the other, in the order in which they came. */

const waiting: string[] = [];
let playing: HTMLAudioElement | null = null;

/** Adds a piece of base64 MP3. */
export function speak(audio: string): void {
  const bytes = Uint8Array.from(atob(audio), (letter) => letter.charCodeAt(0));
  waiting.push(URL.createObjectURL(new Blob([bytes], { type: "audio/mpeg" })));
  if (!playing) next();
}

/** Ends what is said and forgets what is left. */
export function hush(): void {
  for (const url of waiting.splice(0)) URL.revokeObjectURL(url);
  const last = playing;
  playing = null;
  last?.pause();
}

function next(): void {
  const url = waiting.shift();
  playing = url ? new Audio(url) : null;
  const current = playing;
  if (!url || !current) return;
  const over = () => {
    URL.revokeObjectURL(url);
    if (playing === current) next();
  };
  current.onended = over;
  current.onerror = over;
  // A browser that plays nothing before a click refuses; the text is there all the same.
  current.play().catch(over);
}
