import { createRoot } from 'react-dom/client'
import './styles.css'
import './styles/community.css'
import './styles/chat.css'
import './styles/parts.css'
import './styles/voice.css'
import './styles/settings.css'
import { App } from './view/App'

createRoot(document.getElementById('root')!).render(<App />)
