import { WindfallError } from "../../protocol/errors.ts"
import { readCount } from "../../protocol/job-values.ts"
import { MAX_NICE_POINTS, MAX_PRIORITY_POINTS, type NiceRequest } from "../../protocol/queue-request.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { eachJob, namedTitle } from "../each-job.ts"

export const nice = command({
  name: "nice",
  operands: "JOB [N]",
  about:
    "Lets others go before a job that waits: so many points are taken off its priority. Users only raise it; administrators set any, below 0 too (windfall nice JOB -- -100), or the whole priority by hand. It counts as soon as a policy holds.",
  minimum: 1,
  maximum: 2,
  options: {
    priority: value("P", "set the priority by hand, or auto: by its factors again (administrators)", readPriority),
    json: flag("print the job as JSON"),
  },
  examples: [
    ["windfall nice train 100", "100 points less"],
    ["windfall nice 12 --priority 900000", "an administrator sets it by hand"],
  ],
  async run(cli, { priority, json }, [job = "", points]) {
    if (points === undefined && priority === undefined) {
      throw new WindfallError("invalid_input", `Cannot change the priority of ${job}: say by how many points`, {
        hint: `For instance: windfall nice ${job} 100`,
      })
    }
    const body: NiceRequest = {
      ...(points === undefined ? {} : { nice: readNice(points) }),
      ...(priority === undefined ? {} : { priority: priority.points }),
    }
    return eachJob(cli, [job], json, "nice", body, (view, tasks) => {
      const title = namedTitle(view, tasks)
      // The answer has the array, which keeps what it had.
      if (tasks !== null) return `${title}: ${askedText(body)}`
      const by = view.standing?.priority
      const byHand = by === undefined ? "" : `, priority ${by} by hand`
      return `${title}: nice ${view.standing?.nice ?? view.spec.queue?.nice ?? 0}${byHand}`
    })
  },
})

function askedText({ nice: points, priority }: NiceRequest): string {
  const words = points === undefined ? [] : [`nice ${points}`]
  if (priority !== undefined)
    words.push(priority === null ? "priority by their factors" : `priority ${priority} by hand`)
  return words.join(", ")
}

function readNice(text: string): number {
  try {
    return readCount(text, -MAX_NICE_POINTS, MAX_NICE_POINTS)
  } catch (error) {
    throw new WindfallError("invalid_input", `Cannot use this number of points: ${(error as SyntaxError).message}`, {
      hint: "For instance: windfall nice JOB 100",
    })
  }
}

function readPriority(text: string): { readonly points: number | null } {
  return { points: text === "auto" ? null : readCount(text, 1, MAX_PRIORITY_POINTS) }
}
