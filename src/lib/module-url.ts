import { extname } from "node:path";

/** The address of one of our modules for a worker thread: `.ts` in a checkout, `.js` where it was built. */
export function moduleUrl(name: string, importer: string): URL {
  return new URL(`${name}${extname(importer)}`, importer);
}
