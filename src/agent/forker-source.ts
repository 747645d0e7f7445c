import { readFileSync } from "node:fs"

const PARTS = ["system.pl", "supervisor.pl", "output.pl", "forker.pl"]

/** The Perl program of forker and supervisor. In the bundled agent its text takes this module's place (scripts/build-agent.ts). */
export const FORKER_SOURCE: string = PARTS.map((name) =>
  readFileSync(new URL(`./perl/${name}`, import.meta.url), "utf8"),
).join("\n")
