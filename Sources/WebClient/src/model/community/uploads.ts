// Files on their way to the server: begun when they are chosen, so that sending does not wait. No DOM in here.

import { Store } from '../store'
import type { Attachment } from './types'

/** The server's limit for one file, bytes. */
export const LARGEST = 25 * 1024 * 1024
/** The server's limit for one message. */
export const MOST = 10

/** What is used of a browser's File. */
export interface LocalFile {
  readonly name: string
  readonly size: number
  readonly type: string
}

/** Why a file did not go, as the words know it: `tooLarge`, `empty`, or a code of the server. */
export type UploadFailure = string

export interface Upload<File extends LocalFile = LocalFile> {
  key: number
  file: File
  /** 0…1. */
  progress: number
  attachment: Attachment | null
  failure: UploadFailure | null
}

/** Sends one file; `cancel` makes `done` fail. */
export type Transport<File extends LocalFile> = (file: File, onProgress: (part: number) => void) => { done: Promise<Attachment>; cancel: () => void }

export class Uploads<File extends LocalFile> {
  readonly state = new Store<Upload<File>[]>([])
  private lastKey = 0
  private readonly running = new Map<number, () => void>()

  constructor(private readonly transport: Transport<File>, private readonly failureOf: (error: unknown) => UploadFailure) {}

  /** Takes files as far as they fit into one message; how many did not. */
  add(files: readonly File[]): number {
    const room = Math.max(0, MOST - this.state.get().length)
    for (const file of files.slice(0, room)) {
      const key = ++this.lastKey
      const failure = file.size > LARGEST ? 'tooLarge' : file.size === 0 ? 'empty' : null
      this.state.update((old) => [...old, { key, file, progress: 0, attachment: null, failure }])
      if (!failure) this.run(key, file)
    }
    return Math.max(0, files.length - room)
  }

  remove(key: number): void {
    this.running.get(key)?.()
    this.running.delete(key)
    this.state.update((old) => old.filter((upload) => upload.key !== key))
  }

  retry(key: number): void {
    const upload = this.state.get().find((candidate) => candidate.key === key)
    if (!upload?.failure || upload.file.size > LARGEST || upload.file.size === 0) return
    this.change(key, { failure: null, progress: 0 })
    this.run(key, upload.file)
  }

  get isBusy(): boolean {
    return this.state.get().some((upload) => !upload.attachment && !upload.failure)
  }

  /** What has arrived, for the message that is sent now; what failed stays. */
  take(): Attachment[] {
    const ready = this.state.get().flatMap((upload) => (upload.attachment ? [upload.attachment] : []))
    if (ready.length > 0) this.state.update((old) => old.filter((upload) => !upload.attachment))
    return ready
  }

  private run(key: number, file: File): void {
    const { done, cancel } = this.transport(file, (progress) => this.change(key, { progress }))
    this.running.set(key, cancel)
    done.then(
      (attachment) => this.change(key, { attachment, progress: 1 }),
      (error: unknown) => this.change(key, { failure: this.failureOf(error) }),
    ).finally(() => this.running.delete(key))
  }

  private change(key: number, by: Partial<Upload<File>>): void {
    this.state.update((old) => old.map((upload) => (upload.key === key ? { ...upload, ...by } : upload)))
  }
}
