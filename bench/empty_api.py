"""An app that does nothing: what its answers cost is what the server, Flask and `ab` take on this machine."""

from flask import Flask

app = Flask(__name__)


@app.route("/purchase_a_sword")
def purchase_a_sword() -> str:
    """Answer, and send nothing."""
    return "Sword Purchased!\n"
