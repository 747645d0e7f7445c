import { readFileSync } from "node:fs"

/** The system's own part comes first: it has the words in which the others are written. */
const PARTS = {
  darwin: ["darwin.pl", "system.pl", "command.pl", "supervisor.pl", "forker.pl"],
  linux: ["linux.pl", "system.pl", "command.pl", "supervisor.pl", "linux-output.pl", "linux-reuse.pl", "forker.pl"],
} as const

/** The Perl program of forker and supervisor, by system. In the bundled agent its texts take this module's place (scripts/build-agent.ts). */
export const FORKER_SOURCES: Readonly<Record<"darwin" | "linux", string>> = {
  darwin: programOf("darwin"),
  linux: programOf("linux"),
}

/** The Perl program that builds a job's environment and then becomes the job; inlined in the bundle like the others. */
export const ENVIRONMENT_SOURCE = textOf(["environment-words.pl", "command.pl", "environment.pl"])

function programOf(system: "darwin" | "linux"): string {
  return textOf(PARTS[system])
}

function textOf(names: readonly string[]): string {
  return names.map((name) => readFileSync(new URL(`./perl/${name}`, import.meta.url), "utf8")).join("\n")
}
