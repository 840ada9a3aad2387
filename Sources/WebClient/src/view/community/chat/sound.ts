// Short sounds, made on the spot: nothing is fetched.

let context: AudioContext | null = null

/** Two soft notes that say that somebody means us. Silent where the browser does not allow sounds yet. */
export function playNotice(): void {
  try {
    context ??= new AudioContext()
    const audio = context
    if (audio.state === 'suspended') void audio.resume().catch(() => undefined)
    const start = audio.currentTime + 0.01
    for (const [index, pitch] of [659.25, 987.77].entries()) {
      const tone = audio.createOscillator()
      const level = audio.createGain()
      const at = start + index * 0.09
      tone.type = 'sine'
      tone.frequency.value = pitch
      level.gain.setValueAtTime(0, at)
      level.gain.linearRampToValueAtTime(0.12, at + 0.012)
      level.gain.exponentialRampToValueAtTime(0.0005, at + 0.32)
      tone.connect(level).connect(audio.destination)
      tone.start(at)
      tone.stop(at + 0.34)
    }
  } catch {
    // A browser without sound.
  }
}
