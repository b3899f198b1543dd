const PATIENCE = 10_000;

/** Whether the browser can load a picture: pictures may come from anywhere, unlike other answers. */
export function loads(address: string, picture: HTMLImageElement = new Image()): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE);
    const end = (reached: boolean) => {
      clearTimeout(timer);
      resolve(reached);
    };
    picture.onload = () => end(true);
    picture.onerror = () => end(false);
    picture.src = address;
  });
}
