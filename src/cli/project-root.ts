import { fs } from "./builtin.ts"

/**
 * The clone's own folder. Right from this file and from the bundle of the command line (`.cache/cli/`), which lies as deep:
 * nothing else in this room asks where it lies. Of an installed command line it is the folder above all its releases.
 */
export const PROJECT_ROOT: URL = new URL("../../", import.meta.url)

/** Whether all of Windfall is here, and not the command line alone. */
export function isClone(): boolean {
  return fs.existsSync(new URL("src/server/main.ts", PROJECT_ROOT))
}
