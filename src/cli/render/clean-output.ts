import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { OutputAround } from "../output.ts"
import { printable, UNPRINTABLE } from "./table.ts"

/**
 * An output for what a program of Windfall's own prints that has words of others in it, as an engine's that shows a model's template:
 * nothing of it steers the terminal. Lines and tabs stay.
 */
export class CleanOutput extends OutputAround {
  /** A character may come in two pieces. */
  readonly #decoder = new TextDecoder()

  write(data: string | Uint8Array): Promise<void> {
    const text = typeof data === "string" ? data : this.#decoder.decode(data, { stream: true })
    return this.output.write(
      text.replaceAll(UNPRINTABLE, (one) => (one === "\n" || one === "\t" ? one : printable(one))),
    )
  }
}

/** Where a job's output goes: of a hive, whose engine shows what a model's template makes of a conversation, it is cleaned; any other's is its user's own. */
export function outputsFor(cli: Cli, { spec }: Pick<JobView, "spec">): Cli {
  if (spec.kind !== "hive") return cli
  return Object.create(cli, {
    stdout: { value: new CleanOutput(cli.stdout) },
    jobStderr: { value: new CleanOutput(cli.jobStderr) },
  })
}
