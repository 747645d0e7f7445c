/**
 * Computes on the GPU through Metal's own C and Objective-C interface and says on standard output, in one line of JSON, what came of
 * it. It is this file in a process of its own, with `--experimental-ffi`: no developer tools, no Python and no package are needed,
 * and what a wrong call could do ends with the process.
 */
import { randomBytes } from "node:crypto"
import { METAL_CELLS } from "../../doctor/metal-item.ts"

export const METAL_ARGUMENT = "metal-program"

const KERNEL = `#include <metal_stdlib>
using namespace metal;
kernel void mix(device const uint *given [[buffer(0)]], device uint *result [[buffer(1)]], uint at [[thread_position_in_grid]]) {
  uint value = given[at];
  for (uint round = 0; round < 16; round++) value = (value ^ (value >> 15)) * 2654435761u + at;
  result[at] = value;
}`
const GROUP = 256
const COMPLETED = 4n

/** The same on the CPU. */
export function mix(given: number, at: number): number {
  let value = given >>> 0
  for (let round = 0; round < 16; round++) value = (Math.imul(value ^ (value >>> 15), 2654435761) + at) >>> 0
  return value
}

/** Where the system has it; tests have their own. */
export interface MetalPlaces {
  readonly objc: string
  readonly metal: string
  readonly coreGraphics: string
}

const PLACES: MetalPlaces = {
  objc: "/usr/lib/libobjc.A.dylib",
  metal: "/System/Library/Frameworks/Metal.framework/Metal",
  coreGraphics: "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics",
}

export type MetalAnswer =
  | { readonly device: string; readonly cells: number; readonly right: number }
  | { readonly failed: string; readonly reason: string }

class StepFailed extends Error {
  readonly step: string

  constructor(step: string, reason: string) {
    super(reason)
    this.step = step
  }
}

/** @returns `failed: "tool"` when nothing could be tried */
export async function computeOnGpu(places: MetalPlaces = PLACES): Promise<MetalAnswer> {
  let calls: Calls
  try {
    calls = await openCalls(places)
  } catch (error) {
    return { failed: "tool", reason: (error as Error).message }
  }
  try {
    return compute(calls)
  } catch (error) {
    if (error instanceof StepFailed) return { failed: error.step, reason: error.message }
    return { failed: "tool", reason: (error as Error).message }
  }
}

/** Pointers are bigints. */
interface Calls {
  devices(): bigint
  defaultDevice(): bigint
  classOf(name: string): bigint
  /** A message whose parameters and answer are pointers or whole numbers of 64 bits. */
  send(receiver: bigint, selector: string, ...parameters: (bigint | Uint8Array)[]): bigint
  bytesAt(pointer: bigint, length: number): Buffer
  textAt(pointer: bigint): string
  addressOf(bytes: Uint8Array): bigint
}

type Foreign = (...parameters: unknown[]) => unknown

interface Ffi {
  dlopen(path: string, functions: Record<string, object>): { functions: Record<string, Foreign> }
  toString(pointer: bigint): string | null
  toBuffer(pointer: bigint, length: number, copy?: boolean): Buffer
  getRawPointer(source: Uint8Array): bigint
}

async function openCalls({ objc, metal, coreGraphics }: MetalPlaces): Promise<Calls> {
  // Not in the types of every Node this runs on.
  const ffi = (await import("node:ffi" as string)) as Ffi
  // Without it MTLCreateSystemDefaultDevice finds nothing where nobody is logged in at the screen.
  ffi.dlopen(coreGraphics, {})
  const open = (path: string, name: string, parameters: readonly string[]): Foreign => {
    const found = ffi.dlopen(path, { [name]: { arguments: parameters, return: "pointer" } }).functions[name]
    if (found === undefined) throw new Error(`${path} has no ${name}`)
    return found
  }
  const pointers = (count: number) => Array.from({ length: count }, () => "pointer")
  const senders = [0, 1, 2, 3].map((count) => open(objc, "objc_msgSend", pointers(2 + count)))
  const selectorOf = open(objc, "sel_registerName", ["string"])
  const classNamed = open(objc, "objc_getClass", ["string"])
  const allDevices = open(metal, "MTLCopyAllDevices", [])
  const oneDevice = open(metal, "MTLCreateSystemDefaultDevice", [])
  // Node calls this interface experimental, and has renamed parts of it: what comes back must be what it surely is.
  if (asPointer(selectorOf("count")) === 0n || asPointer(classNamed("NSString")) === 0n) {
    throw new Error("calls through node:ffi bring nothing back")
  }
  open(objc, "objc_autoreleasePoolPush", [])()
  return {
    devices: () => asPointer(allDevices()),
    defaultDevice: () => asPointer(oneDevice()),
    classOf: (name) => asPointer(classNamed(name)),
    send: (receiver, selector, ...parameters) => {
      const given = parameters.map((one) => (typeof one === "bigint" ? one : ffi.getRawPointer(one)))
      const send = senders[given.length]
      if (send === undefined) throw new Error(`${selector} has too many parameters`)
      return asPointer(send(receiver, selectorOf(selector), ...given))
    },
    bytesAt: (pointer, length) => ffi.toBuffer(pointer, length, false),
    textAt: (pointer) => (pointer === 0n ? "" : (ffi.toString(pointer) ?? "")),
    addressOf: (bytes) => ffi.getRawPointer(bytes),
  }
}

function asPointer(value: unknown): bigint {
  if (typeof value === "bigint") return value
  return value === null || value === undefined ? 0n : BigInt(value as number)
}

function compute(calls: Calls): MetalAnswer {
  const { send } = calls
  const device = findDevice(calls)
  const name = textOf(calls, send(device, "name"))
  const error = new BigUint64Array(1)
  const errorBytes = new Uint8Array(error.buffer)
  const made = (step: string, object: bigint): bigint => {
    if (object !== 0n) return object
    const said = error[0] === undefined || error[0] === 0n ? "" : textOf(calls, send(error[0], "localizedDescription"))
    throw new StepFailed(step, said)
  }
  const library = made(
    "compile",
    send(device, "newLibraryWithSource:options:error:", string(calls, KERNEL), 0n, errorBytes),
  )
  const kernel = made("compile", send(library, "newFunctionWithName:", string(calls, "mix")))
  const pipeline = made("pipeline", send(device, "newComputePipelineStateWithFunction:error:", kernel, errorBytes))
  const queue = made("queue", send(device, "newCommandQueue"))
  const bytes = BigInt(METAL_CELLS * 4)
  const [given, result] = [0, 1].map(() =>
    made("allocate", send(device, "newBufferWithLength:options:", bytes, 0n)),
  ) as [bigint, bigint]
  const input = randomBytes(METAL_CELLS * 4)
  input.copy(calls.bytesAt(made("allocate", send(given, "contents")), METAL_CELLS * 4))
  const commands = made("commands", send(queue, "commandBuffer"))
  const encoder = made("commands", send(commands, "computeCommandEncoder"))
  send(encoder, "setComputePipelineState:", pipeline)
  send(encoder, "setBuffer:offset:atIndex:", given, 0n, 0n)
  send(encoder, "setBuffer:offset:atIndex:", result, 0n, 1n)
  // MTLSize has 24 bytes; on arm64 what has more than 16 is passed by the address of a copy (AAPCS64, 6.8.2).
  const groups = new BigUint64Array([BigInt(METAL_CELLS / GROUP), 1n, 1n])
  const threads = new BigUint64Array([BigInt(GROUP), 1n, 1n])
  send(
    encoder,
    "dispatchThreadgroups:threadsPerThreadgroup:",
    new Uint8Array(groups.buffer),
    new Uint8Array(threads.buffer),
  )
  send(encoder, "endEncoding")
  send(commands, "commit")
  send(commands, "waitUntilCompleted")
  if (send(commands, "status") !== COMPLETED) {
    const failure = send(commands, "error")
    throw new StepFailed("run", failure === 0n ? "" : textOf(calls, send(failure, "localizedDescription")))
  }
  const output = calls.bytesAt(made("read", send(result, "contents")), METAL_CELLS * 4)
  let right = 0
  for (let at = 0; at < METAL_CELLS; at++) {
    if (output.readUInt32LE(at * 4) === mix(input.readUInt32LE(at * 4), at)) right++
  }
  return { device: name, cells: METAL_CELLS, right }
}

/** As MLX does: all devices first, as the default one may be missing where nobody is logged in. */
function findDevice(calls: Calls): bigint {
  const all = calls.devices()
  if (all !== 0n && calls.send(all, "count") > 0n) return calls.send(all, "objectAtIndex:", 0n)
  const one = calls.defaultDevice()
  if (one === 0n) throw new StepFailed("device", "there is no Metal device")
  return one
}

function string(calls: Calls, text: string): bigint {
  return calls.send(calls.classOf("NSString"), "stringWithUTF8String:", Buffer.from(`${text}\0`))
}

function textOf(calls: Calls, string: bigint): string {
  return string === 0n ? "" : calls.textAt(calls.send(string, "UTF8String"))
}
