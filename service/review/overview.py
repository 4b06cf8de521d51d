from flask import Blueprint

blueprint = Blueprint("overview", __name__, url_prefix="/review")
