import { extname } from "node:path";

/**
 * The address of one of our modules for a worker thread: `.ts` in a checkout, `.js` where it was built. `name` begins at the
 * folder above, as in `../spool/worker`: in the bundle the code of the importer lies in `lib/`, beside the other folders.
 */
export function moduleUrl(name: string, importer: string): URL {
  return new URL(`${name}${extname(importer)}`, importer);
}
