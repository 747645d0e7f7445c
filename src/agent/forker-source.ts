import { readFileSync } from "node:fs"

/** The Perl program of forker and supervisor. In the bundled agent its text takes this module's place (scripts/build-agent.ts). */
export const FORKER_SOURCE: string = readFileSync(new URL("./forker.pl", import.meta.url), "utf8")
