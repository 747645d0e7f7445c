import type { MacState } from "./state.ts"

/**
 * A kernel panic's report as macOS writes it at the next start (`panic-full-DATE.RUN.panic`): a line of JSON about it, then a
 * JSON object with the text. Everything in it is invented.
 */
export function panicReport(
  { model, platformUuid, bootId }: Pick<MacState, "model" | "platformUuid" | "bootId">,
  at: Date,
  reason = "completeMemory() prepare count underflow @IOGPUMemory.cpp:550",
): { readonly name: string; readonly text: string } {
  const two = (part: number) => `${part}`.padStart(2, "0")
  const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`
  const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two)
  const head = {
    bug_type: "210",
    timestamp: `${day} ${clock.join(":")}.00 +0000`,
    os_version: `macOS ${model.version} (${model.build})`,
    roots_installed: 0,
    incident_id: bootId,
  }
  const text = [
    `panic(cpu 4 caller 0xfffffe002d3fa1c4): "${reason}"`,
    "Debugger message: panic",
    "Memory ID: 0x6",
    `OS release type: User`,
    `OS version: ${model.build}`,
    `Kernel version: Darwin Kernel Version ${model.darwin}: Mon Oct 20 19:34:03 PDT 2025; root:xnu-12377.41.6~2/RELEASE_ARM64_${model.soc}`,
    "Kernel UUID: 11111111-2222-3333-4444-555555555555",
    "Boot session UUID: 66666666-7777-8888-9999-AAAAAAAAAAAA",
    "Panicked task 0xfffffe29d1a2c3f8: 120000 pages, 24 threads: pid 4711: python3.12",
    "",
  ].join("\n")
  const body = {
    build: `macOS ${model.version} (${model.build})`,
    product: model.identifier,
    socId: "6031",
    incident: platformUuid,
    date: head.timestamp,
    panicString: text,
  }
  return {
    name: `panic-full-${day}-${clock.join("")}.0002.panic`,
    text: `${JSON.stringify(head)}\n${JSON.stringify(body, null, 2)}\n`,
  }
}
