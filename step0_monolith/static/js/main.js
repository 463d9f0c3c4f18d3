// The page works without any of this for reading, searching and sharing; these modules add the rest.
import "./dialogs.js";
import "./images.js";
import "./keys.js";
import "./resume.js";
import "./scroll.js";
import "./share.js";
import "./tags.js";
import "./verbs.js";
