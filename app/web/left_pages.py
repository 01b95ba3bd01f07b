"""What a page still asks for after it was left is not answered.

A fragment that fetches again and again may do so once more while `st.switch_page` leads to another
page. Streamlit 1.67 answers with a run of the page that was left, for which the browser empties
the new one; and since that page's fragments are gone, nothing is drawn in its place.
"""

from __future__ import annotations

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData


class Runner(ScriptRunner):
    """Streamlit's own, but for runs of fragments of a page that is no longer shown."""

    def _run_script(self, rerun_data: RerunData) -> None:
        asked_by, shown = rerun_data.page_script_hash, self._pages_manager.current_page_script_hash
        if rerun_data.fragment_id_queue and asked_by and shown and asked_by != shown:
            return
        super()._run_script(rerun_data)
