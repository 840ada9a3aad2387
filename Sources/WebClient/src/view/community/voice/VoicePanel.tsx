// While in a voice channel: where, how well, and how to leave.

export function VoicePanel(): JSX.Element | null {
  return null
}
