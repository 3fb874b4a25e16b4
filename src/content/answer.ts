import { isSecretHeader } from '../value/secret.ts'

/** What is kept of an answer, so that claims on it can be judged, now or later. */

/** So much of each body is kept, in bytes. */
export const KEPT_BODY_BYTES = 16 * 1024

/** One body; equal bodies are one object. */
export type Body =
  | {
      text: string
      /** Of the body on the wire, before any decoding. */
      bytes: number
      /** `text` is all of it: it was neither too long to be kept nor broken off. */
      whole: boolean
      /** A secret in it was replaced by its placeholder when it was stored: what is not found may be what was hidden. */
      hidden?: true
    }
  /** Its bytes are no UTF-8, so it is no text: an image, or a compressed body. */
  | { binary: true; bytes: number }
  /** Too many different bodies came before it. */
  | { kept: false }

/** The headers of an answer; equal sets are one object. */
export type Headers =
  /** Names in lower case, values of several lines joined with ", "; null for a value that is not kept. */
  | {
      fields: Readonly<Record<string, string | null>>
      /** As of a body. */
      hidden?: true
    }
  /** Too many different sets came before it. */
  | { kept: false }

/**
 * What the answers of a run said, as plain data: each different body and set of headers once, and for each request by
 * its index the number of those it got. So memory grows with what differs, and not with the number of requests.
 */
export interface Answers {
  /** By number; the first of each stands for no answer. */
  bodies: (Body | null)[]
  headers: (Headers | null)[]
  /** By the index of the request; beyond their end there was no answer. */
  bodyOf: Column
  headersOf: Column
}

/** As narrow as its largest number allows: most runs see few different answers, and each request has two of these. */
export type Column = Uint8Array | Uint16Array | Uint32Array

/** @param expected - how many requests there will be, where that is known: a first size of the columns, no limit */
export const noAnswers = (expected = 0): Answers => ({
  bodies: [null],
  headers: [null],
  bodyOf: new Uint8Array(expected),
  headersOf: new Uint8Array(expected),
})

/** They differ from answer to answer, so that no two sets of headers would be equal. */
const VARYING = ['date', 'x-envoy-upstream-service-time']

/** Why the value of a header of an answer is never kept (its presence is); undefined when it is. */
export function whyValueNotKept(name: string): string | undefined {
  if (VARYING.includes(name)) return 'it differs from answer to answer'
  return isSecretHeader(name) ? 'it may hold a secret, and results are passed on' : undefined
}
