import type { Me } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { jobTitle, latestAttempt, verdictText } from "../render/job-text.ts"
import { printJson, say } from "../say.ts"
import { hostBlock } from "../ssh/host-block.ts"
import { blocksFile, checkOwnConfig, installBlock, ownConfigFile, removeBlocks } from "../ssh/installed-blocks.ts"
import { openIdentity, sshNameOf } from "../ssh/ssh-files.ts"

export const sshConfig = command({
  name: "ssh-config",
  operands: "[JOB]",
  about:
    "Prints the lines by which ssh, sftp, rsync, VS Code, Cursor and Zed reach a running job or session as windfall-NUMBER: through the server, into the job's folder, with its environment. What is started that way ends with the job. Without an option nothing is changed but a key of its own.",
  minimum: 0,
  maximum: 1,
  options: {
    install: flag("keep the lines in a file of Windfall's own that ~/.ssh/config includes by one line"),
    remove: flag("take a job's lines away again; without JOB all, and that line too"),
    json: flag("print what was made as JSON"),
  },
  examples: [
    ["windfall ssh-config train --install", "then: ssh windfall-12, code --remote ssh-remote+windfall-12 ."],
    ["windfall ssh-config --remove", "nothing of it is left in ~/.ssh/config"],
  ],
  async run(cli, options, [typed]) {
    if (options.install && options.remove) throw invalid("with --install and --remove: they are opposites")
    if (options.remove) return remove(cli, typed, options.json)
    if (typed === undefined) throw invalid("without a job: say which one")
    const job = await findJob(cli, typed)
    const user = await accountOf(cli, job)
    if (options.install) checkOwnConfig(cli.settings)
    openIdentity(cli.settings)
    const block = hostBlock({ settings: cli.settings, job: job.id, user, url: cli.client.url })
    const name = sshNameOf(job.id)
    if (options.install) installBlock(cli.settings, job.id, block)
    if (options.json) {
      const file = options.install ? blocksFile(cli.settings) : null
      await printJson(cli, { job: job.id, host: name, config: block, installed: file })
    } else if (options.install) await say(cli, `${jobTitle(job)} is ${name}: ssh ${name}`)
    else await cli.stdout.write(block)
    return 0
  },
})

async function remove(cli: Cli, typed: string | undefined, json: boolean): Promise<number> {
  // A number is enough: the job may be long gone, and with it the server.
  const number = typed === undefined ? null : Number(typed.replace(/^(#|windfall-)/, ""))
  const job = number === null || Number.isSafeInteger(number) ? number : (await findJob(cli, typed ?? "")).id
  const removed = removeBlocks(cli.settings, job)
  if (json) await printJson(cli, { removed, job })
  else await say(cli, removed ? `removed from ${ownConfigFile(cli.settings)}` : "there was nothing to remove")
  return 0
}

/** @throws {WindfallError} not_allowed for another's job; wrong_state for one that does not run: its account is known with its host */
async function accountOf(cli: Cli, job: JobView): Promise<string> {
  const { user, role } = await cli.client.get<Me>("/v1/me")
  if (job.user !== user && role !== "admin") {
    throw new WindfallError("not_allowed", `Cannot make ssh lines for ${jobTitle(job)}: it belongs to ${job.user}`, {
      hint: "Only its sender and administrators can",
    })
  }
  const attempt = latestAttempt(job)
  if (isFinal(job.state)) {
    throw new WindfallError("wrong_state", `Cannot make ssh lines for ${jobTitle(job)}: it ${verdictText(job)}`)
  }
  if (attempt === undefined || job.state === "queued" || job.state === "held") {
    throw new WindfallError("wrong_state", `Cannot make ssh lines for ${jobTitle(job)}: it has not started yet`, {
      hint: `Why it waits: windfall why ${job.id}`,
    })
  }
  const { facts } = await cli.client.get<HostView>(`/v1/hosts/${encodeURIComponent(attempt.hostName)}`)
  if (facts === null) {
    throw new WindfallError("host_unreachable", `Cannot make ssh lines: ${attempt.hostName} has not been heard of yet`)
  }
  return facts.user
}

function invalid(reason: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot make ssh lines ${reason}`, {
    hint: "windfall ssh-config JOB [--install]   or   windfall ssh-config [JOB] --remove",
  })
}
