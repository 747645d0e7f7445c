import type { JobSpec } from "../../protocol/job.ts"

/** An address that stands for all of a machine's, or a switch that means it. Cheap, as every send asks. */
const ALL = /(?<![\w.])0\.0\.0\.0(?![\w.])|\[::\]|--bind[_-]all\b/
/** Programs that listen on all addresses unless they are told another one. */
const BY_THEMSELVES: readonly { readonly form: RegExp; readonly unless: RegExp; readonly name: string }[] = [
  { form: /\bpython[\d.]*\b.* -m http\.server\b/, unless: / (-b|--bind)\b/, name: "http.server" },
  { form: /\bstreamlit run\b/, unless: /--server\.address\b/, name: "streamlit" },
  { form: /\bvllm serve\b/, unless: /--host\b/, name: "vllm" },
]

/**
 * A program that begins to listen on more than this machine's own address makes macOS's firewall, where it is on, ask its owner on
 * the screen. Said before the job is sent, when its command or a variable names such an address; `undefined` where neither does,
 * which says nothing of what the program does by itself.
 */
export function listenNote({ command, env }: Pick<JobSpec, "command" | "env">): string | undefined {
  const line = command.join(" ")
  const named = [line, ...Object.values(env)].map((text) => ALL.exec(text)?.[0]).find((one) => one !== undefined)
  const program = BY_THEMSELVES.find(({ form, unless }) => form.test(line) && !unless.test(line))?.name
  if (named === undefined && program === undefined) return undefined
  const who =
    named === undefined ? `${program} listens on all addresses unless told otherwise` : `the job names ${named}`
  return `${who}: on a Mac whose firewall is on, macOS then asks on its owner's screen. Let it listen on 127.0.0.1 and reach it by windfall forward`
}
