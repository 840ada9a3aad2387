// What really arrives of a video, from the browser's statistics: resolution, frames, bits, losses. Two samples make a
// rate, so the meter keeps the last one.

export interface VideoFigures {
  width: number
  height: number
  framesPerSecond: number
  bitsPerSecond: number
  /** Packets lost since the last sample, 0…1. */
  lossFraction: number
  /** Seconds of freezes since the stream began. */
  freezeSeconds: number
  codec: string
}

interface Sample {
  at: number
  bytes: number
  frames: number
  lost: number
  received: number
}

export class VideoMeter {
  private last = new Map<string, Sample>()

  /** Figures by track identifier. */
  read(report: RTCStatsReport): Record<string, VideoFigures> {
    const figures: Record<string, VideoFigures> = {}
    report.forEach((entry) => {
      if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') return
      const key = String(entry.trackIdentifier)
      const sample: Sample = {
        at: entry.timestamp, bytes: entry.bytesReceived ?? 0, frames: entry.framesDecoded ?? 0,
        lost: entry.packetsLost ?? 0, received: entry.packetsReceived ?? 0,
      }
      const before = this.last.get(key)
      this.last.set(key, sample)
      const seconds = before ? (sample.at - before.at) / 1000 : 0
      const lost = before ? Math.max(0, sample.lost - before.lost) : 0
      const arrived = before ? sample.received - before.received : 0
      const codec = report.get(entry.codecId as string) as { mimeType?: string } | undefined
      figures[key] = {
        width: entry.frameWidth ?? 0,
        height: entry.frameHeight ?? 0,
        framesPerSecond: before && seconds > 0 ? (sample.frames - before.frames) / seconds : entry.framesPerSecond ?? 0,
        bitsPerSecond: before && seconds > 0 ? ((sample.bytes - before.bytes) * 8) / seconds : 0,
        lossFraction: lost + arrived > 0 ? lost / (lost + arrived) : 0,
        freezeSeconds: entry.totalFreezesDuration ?? 0,
        codec: (codec?.mimeType ?? '').replace('video/', ''),
      }
    })
    return figures
  }
}
