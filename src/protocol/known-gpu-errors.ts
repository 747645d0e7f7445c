import type { KnownError } from "./known-errors.ts"

/**
 * What Metal and what is built on it say when the GPU gives up: the names are those of IOGPUCommandBufferCallbackError, which MLX,
 * PyTorch and llama.cpp all pass on. A part of KNOWN_ERRORS.
 */
export const GPU_ERRORS: readonly KnownError[] = [
  {
    code: "gpu_watchdog",
    pattern: /kIOGPUCommandBufferCallbackError(?:ImpactingInteractivity|Timeout|Hang)\b/,
    meaning: () => "macOS took the GPU away from it: while a display is lit, it does so to keep the screen fluent",
    fix: () => "Run it again where the display sleeps: windfall rerun JOB, or windfall send --host NAME",
  },
  {
    code: "gpu_memory",
    pattern: /kIOGPUCommandBufferCallbackErrorOutOfMemory\b|\bMPS backend out of memory \(MPS allocated/,
    meaning: () => "the GPU ran out of memory, which on a Mac is the same memory as the CPU's",
    fix: () => "Make the batch smaller, or ask for a larger Mac with --memory",
  },
  {
    code: "gpu_buffer",
    pattern:
      /^.*\[metal::malloc\] Attempting to allocate \d+ bytes which is greater than the maximum allowed buffer size\b/,
    meaning: () => "it wanted more in one piece than Metal gives on that Mac, however much is free there",
    fix: () => "Split that array (a smaller batch, a shorter context), or ask for a larger Mac with --memory",
  },
  {
    code: "gpu_fault",
    pattern: /kIOGPUCommandBufferCallbackErrorPageFault\b/,
    meaning: () => "a kernel on the GPU touched memory that was not its own: an error in the program or its libraries",
    fix: () => "Try a newer release of MLX, PyTorch or llama.cpp; then tell its authors, with this line",
  },
  {
    code: "gpu_victim",
    pattern: /kIOGPUCommandBufferCallbackError(?:InnocentVictim|SubmissionsIgnored)\b/,
    covers: ["gpu_fault"],
    meaning: () => "macOS reset the GPU, for work before this or beside it, and dropped what was waiting there",
    fix: () => "Run it again: windfall rerun JOB; if it comes again, look further up what went wrong first",
  },
  {
    code: "gpu_hidden",
    pattern: /\bNo Metal device available\b/,
    only: ({ onMac }) => onMac,
    meaning: () => "it found no GPU that Metal can use: in a virtual machine or a sandbox there is none",
    fix: () => "What that host has: windfall doctor; another one: windfall send --host NAME",
  },
]
