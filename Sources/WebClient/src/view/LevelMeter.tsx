// How loud a microphone is, drawn thirty times a second without rendering React.

import { useEffect, useRef } from 'react'

export function LevelMeter({ track, label }: { track: MediaStreamTrack; label: string }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    analyser.fftSize = 512
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    const samples = new Float32Array(analyser.fftSize)
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples)
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
      const decibels = 10 * Math.log10(power + 1e-9)
      const level = Math.min(1, Math.max(0, (decibels + 60) / 50))
      if (bar.current) bar.current.style.transform = `scaleX(${level.toFixed(3)})`
    }, 33)
    return () => {
      clearInterval(timer)
      void context.close()
    }
  }, [track])

  return <div className="meter" role="img" aria-label={label}><div ref={bar} /></div>
}
