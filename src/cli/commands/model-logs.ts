import type { JobList } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { hiveJobName, MOST_REPLICAS, type ModelView } from "../../protocol/model-api.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { readCountTo } from "../hive/serving-values.ts"
import { logs } from "./logs.ts"

export const modelLogs = command({
  name: "model logs",
  operands: "MODEL",
  about:
    "Prints what the hive of a model prints, the latest one where none runs: on stderr the engine's own words, on stdout what its members say, as JSON lines. Control characters are shown as what they are.",
  minimum: 1,
  maximum: 1,
  options: {
    follow: flag("go on as it prints, until the hive ends", { short: "f" }),
    replica: value("N", "of replica N, from 1 (default 1)", (typed) => readCountTo(typed, MOST_REPLICAS)),
    tail: value("N", "only the last N lines", (typed) => readCountTo(typed, 10_000_000), { short: "n" }),
  },
  examples: [["windfall model logs -f qwen3", "watch it load"]],
  async run(cli, { follow, replica: number = 1, tail }, [name = ""]) {
    const model = await cli.client.get<ModelView>(`/v1/hives/${encodeURIComponent(name)}`)
    const job = model.replicas.find((one) => one.number === number)?.job ?? (await lastJob(model, number))
    const options = {
      follow,
      tail,
      since: undefined,
      stdout: false,
      stderr: false,
      attempt: undefined,
      rank: undefined,
    }
    return logs.run(cli, options, [String(job)])

    async function lastJob({ user }: ModelView, of: number): Promise<number> {
      const query = { user, name: hiveJobName(name, of), limit: 1 }
      const { jobs } = await cli.client.get<JobList>("/v1/jobs", { query })
      const [last] = jobs
      if (last !== undefined) return last.id
      throw new WindfallError("wrong_state", `Cannot print what ${name} prints: replica ${of} has had no hive yet`, {
        hint: `Why: windfall model show ${name}`,
      })
    }
  },
})
