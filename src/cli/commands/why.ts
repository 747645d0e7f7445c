import type { WhyAnswer } from "../../protocol/api.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { planOfText } from "../render/queue-text.ts"
import { renderTable } from "../render/table.ts"
import { printJson } from "../say.ts"

export const why = command({
  name: "why",
  operands: "JOB",
  about:
    "Says why a job waits (or how it stands): a reason for each host, when it is expected to start and what that rests on, what would make it start sooner, what its priority is made of, and who stands before it.",
  minimum: 1,
  maximum: 1,
  options: { json: flag("print the answer as JSON") },
  examples: [["windfall why train", "why the job named train does not run yet"]],
  async run(cli, options, [typed = ""]) {
    const job = await findJob(cli, typed)
    const answer = await cli.client.get<WhyAnswer>(`/v1/jobs/${job.id}/why`)
    if (options.json) {
      await printJson(cli, answer)
      return 0
    }
    const place = answer.place === null ? "" : ` (place ${answer.place})`
    await cli.stdout.write(`job ${jobNumber(job)}${place}: ${answer.summary}\n`)
    if (answer.hosts.length > 0) {
      const rows = answer.hosts.map((host) => [host.name, host.text])
      await cli.stdout.write(`\n${renderTable([{ title: "HOST" }, { title: "REASON" }], rows)}`)
    }
    await cli.stdout.write(planOfText(answer, answer.at ?? cli.clock.now()))
    return 0
  },
})
