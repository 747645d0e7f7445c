/**
 * What the images of one request may come to at most: the gateway refuses more, and plans count as much.
 * Each is made as large as the projector's images before a token is counted, however small it is: 64 of one pixel took llama.cpp 1.5 GB beside one
 * of 896 x 896, as Gemma 3 has it, and 32 0.7 GB.
 */
export const MOST_IMAGES = 32
/** All images of a request together, unpacked: 5,000 x 5,000. Packed they may be a few kilobytes, and each slot may have as many: ten times as much took llama.cpp 1.1 GB. */
export const MOST_PIXELS = 25_000_000
