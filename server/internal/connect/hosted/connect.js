// NangoLite.connect shows nango-lite's connect page, in an element of yours or in a popup.
//
//   NangoLite.connect({
//     sessionToken,          // of POST /connect/sessions, from your backend
//     container: element,    // shows it in a frame there; without one, a popup opens
//     onEvent: (event) => {} // {type: 'ready' | 'connect' | 'error' | 'close', payload}
//   })
//
// It returns {close}. Call it in the click that asked for it, or browsers block the popup.
// server.allowed_frames names your origin for frames, server.allowed_origins for popups.
(() => {
  const base = new URL('.', document.currentScript.src);
  const connect = ({ sessionToken, container, onEvent = () => {} }) => {
    const url = new URL('connect', base);
    url.searchParams.set('session_token', sessionToken);
    url.searchParams.set('origin', location.origin);
    let shown, frame, timer;
    const hear = (e) => {
      if (e.origin !== base.origin || e.source !== shown || !e.data || !e.data.type) return;
      onEvent(e.data);
    };
    const close = () => {
      clearInterval(timer);
      window.removeEventListener('message', hear);
      if (frame) frame.remove();
      else if (shown) shown.close();
      onEvent({ type: 'close' });
    };
    window.addEventListener('message', hear);
    if (container) {
      frame = document.createElement('iframe');
      frame.title = 'Connect';
      frame.src = url;
      frame.style.cssText = 'border: 0; width: 100%; height: 100%; min-height: 32rem;';
      container.append(frame);
      shown = frame.contentWindow;
    } else {
      shown = window.open(url, 'nango_lite', 'popup,width=620,height=820');
      timer = setInterval(() => { if (shown && shown.closed) close(); }, 500);
    }
    return { close };
  };
  window.NangoLite = { connect };
})();
