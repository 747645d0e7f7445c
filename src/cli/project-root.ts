/**
 * The clone's own folder. Right from this file and from the bundle of the command line (`.cache/cli/`), which lies as deep:
 * nothing else in this room asks where it lies.
 */
export const PROJECT_ROOT: URL = new URL("../../", import.meta.url)
